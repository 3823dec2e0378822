import { css } from "lit";

/** The bar and the tabs, with the measures of Home Assistant's settings. */
export const panelStyles = css`
  :host {
    position: relative;
    display: flex;
    flex-direction: column;
    block-size: calc(100dvh - var(--safe-area-inset-top, 0px) - var(--safe-area-inset-bottom, 0px));
    background: var(--sm-page);
    overflow: clip; /* of which nothing can scroll the page: not what is focused, nor what is only for screen readers */
  }
  header {
    display: flex;
    flex: none;
    align-items: center;
    gap: 8px;
    block-size: var(--header-height, 56px);
    padding-inline: 16px 12px;
    border-block-end: var(--app-header-border-bottom, 1px solid var(--sm-divider));
    background: var(--app-header-background-color, var(--sm-surface));
    color: var(--app-header-text-color, var(--sm-text));
  }
  :host([narrow]) header {
    padding-inline: 4px;
  }
  h1 {
    flex: 1 1 0;
    min-inline-size: 0;
    overflow: hidden;
    font-size: var(--ha-font-size-xl, 20px);
    font-weight: var(--ha-font-weight-normal, 400);
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .end sm-button {
    max-inline-size: 180px;
    white-space: nowrap;
  }
  .end {
    display: flex;
    flex: 1 1 0;
    justify-content: flex-end;
    min-inline-size: 0;
  }
  :host([narrow]) .end {
    flex: none;
  }
  nav {
    display: flex;
    flex: none;
    align-self: stretch;
    justify-content: center;
  }
  nav a {
    display: flex;
    align-items: center;
    justify-content: center;
    gap: 8px;
    padding-inline: 20px;
    border-block-end: 2px solid transparent;
    border-block-start: 2px solid transparent;
    color: inherit;
    font-weight: var(--ha-font-weight-medium, 500);
    text-decoration: none;
  }
  nav a:hover {
    background: var(--sm-hover);
  }
  nav a:focus-visible {
    outline-offset: -3px;
  }
  nav a[aria-current] {
    border-block-end-color: var(--sm-primary);
    color: var(--sm-strong);
  }
  header {
    container-type: inline-size;
  }
  @container (max-width: 720px) {
    nav a {
      padding-inline: 10px;
    }
    nav sm-icon {
      display: none;
    }
  }
  :host([narrow]) nav {
    block-size: 56px;
    border-block-start: 1px solid var(--sm-divider);
    background: var(--sidebar-background-color, var(--sm-surface));
  }
  :host([narrow]) nav a {
    flex: 1 1 0;
    flex-direction: column;
    gap: 2px;
    min-inline-size: 0;
    padding-inline: 4px;
    border: 0;
    font-size: var(--ha-font-size-s, 12px);
  }
  sm-toast {
    --sm-toast-offset: var(--sm-tabs, 0px);
  }
  sm-toast.higher {
    --sm-toast-offset: calc(var(--sm-tabs, 0px) + 64px); /* above the button that adds */
  }
  :host([narrow]) sm-toast {
    --sm-tabs: 56px;
    justify-content: center;
  }
  main {
    position: relative;
    display: flex;
    flex: 1;
    flex-direction: column;
    min-block-size: 0;
  }
  main > * {
    flex: 1;
    min-block-size: 0;
  }
  .wait {
    display: grid;
    place-items: center;
  }
  header + sm-alert {
    flex: none;
    margin: 8px 16px 0;
  }
`;
