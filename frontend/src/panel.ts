import "./panel/semantic-memory-panel.ts";
