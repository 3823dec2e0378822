/** The part of Home Assistant's frontend that the panel and the card rely on. */

export interface HassConnection {
  readonly connected: boolean;
  subscribeMessage<T>(
    callback: (event: T) => void,
    message: Message,
    options?: { resubscribe?: boolean },
  ): Promise<() => Promise<void>>;
  addEventListener(kind: "ready" | "disconnected", listener: () => void): void;
  removeEventListener(kind: "ready" | "disconnected", listener: () => void): void;
}

export interface Message {
  type: string;
  [argument: string]: unknown;
}

export type BackendLocalize = (key: string, placeholders?: Record<string, unknown>) => string;

export interface Hass {
  readonly connection: HassConnection;
  readonly language: string;
  readonly locale: {
    language: string;
    /** "language", "system", "12" or "24". */
    time_format: string;
    /** "local" or "server". */
    time_zone: string;
  };
  readonly config: { time_zone: string };
  readonly user?: { id: string; name: string; is_admin: boolean };
  readonly themes?: { darkMode: boolean };
  readonly dockedSidebar?: string;
  readonly kioskMode?: boolean;
  readonly states: Record<
    string,
    { entity_id: string; state: string; attributes: Record<string, unknown> } | undefined
  >;
  callWS<T>(message: Message): Promise<T>;
  callService(domain: string, service: string, data?: Record<string, unknown>): Promise<unknown>;
  fetchWithAuth(path: string, init?: RequestInit): Promise<Response>;
  hassUrl(path?: string): string;
  loadBackendTranslation(category: string, integration: string): Promise<BackendLocalize>;
}

/** Where in the panel one is: `prefix` is the panel's own address, `path` what follows it. */
export interface Route {
  prefix: string;
  path: string;
}

/** Goes to an address of Home Assistant as its own links do. */
export function navigate(url: string, replace = false): void {
  const state: unknown = replace ? history.state : null;
  history[replace ? "replaceState" : "pushState"](state, "", url);
  window.dispatchEvent(new CustomEvent("location-changed", { detail: { replace } }));
}

/** Whether a click on a link is to open it here: not in another tab or window, and nobody else has dealt with it. */
export function followsHere(event: MouseEvent): boolean {
  return !(event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey);
}
