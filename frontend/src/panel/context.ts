import type { ReactiveController, ReactiveControllerHost } from "lit";
import type { Api } from "../api/client.ts";
import type { Info } from "../api/types.ts";
import type { Toast } from "../elements/toast.ts";
import type { Format } from "../format.ts";
import type { Hass } from "../home-assistant.ts";
import type { Localize } from "../localize.ts";
import type { Live, LiveEvent } from "./live.ts";
import type { Address } from "./routes.ts";

/** Asked before another view or memory is opened; answers whether that may happen. */
export type LeaveGuard = () => Promise<boolean>;

/**
 * What a view is given as its property `panel`. It is another object whenever something in it has changed, so that views render
 * again; `api` and `live` are others when another person is looked at.
 */
export interface PanelContext {
  readonly hass: Hass;
  readonly api: Api;
  readonly live: Live;
  readonly t: Localize;
  readonly format: Format;
  readonly info: Info;
  /** Whose memories are looked at. */
  readonly userId: string;
  readonly isAdmin: boolean;
  readonly narrow: boolean;
  readonly address: Address;
  /** What a user id or "household" is called. */
  ownerName(owner: string): string;
  /** Address of a view, a memory, or of the same view with another query: for links. */
  url(address: Partial<Address>): string;
  go(address: Partial<Address>, replace?: boolean): void;
  toast(toast: Toast): void;
  /** Keeps people from losing what they have not saved. */
  setGuard(guard: LeaveGuard | null): void;
  /** Says what went wrong. */
  fail(reason: unknown): void;
}

/** Listens to `panel.live` as long as its host is on the page, and renders the host again when the engine's status changes. */
export class LiveController implements ReactiveController {
  private live?: Live;
  private ends: (() => void)[] = [];

  constructor(
    private readonly host: ReactiveControllerHost & { panel: PanelContext },
    private readonly onEvent: (event: LiveEvent) => void = () => undefined,
  ) {
    host.addController(this);
  }

  hostUpdate(): void {
    const { live } = this.host.panel;
    if (live === this.live) return;
    this.hostDisconnected();
    this.live = live;
    this.ends = [live.listen(this.onEvent), live.watch(() => this.host.requestUpdate())];
  }

  hostConnected(): void {
    if (this.host.panel) this.hostUpdate();
  }

  hostDisconnected(): void {
    for (const end of this.ends) end();
    this.ends = [];
    this.live = undefined;
  }
}
