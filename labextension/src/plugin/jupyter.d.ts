// What the plugin calls of JupyterLab 4 and Jupyter Notebook 7, by hand: the packages' own types weigh 400 MB.
// Only members that are used; a package or token the page lacks is undefined (build.mjs), so tokens may be.

declare module '@lumino/coreutils' {
  export class Token<T> {
    constructor(name: string);
    readonly name: string;
  }
}

declare module '@lumino/disposable' {
  export interface IDisposable {
    dispose(): void;
  }
}

declare module '@lumino/signaling' {
  export interface ISignal<S, A> {
    connect(slot: (sender: S, args: A) => void): boolean;
    disconnect(slot: (sender: S, args: A) => void): boolean;
  }
  export class Signal<S, A> implements ISignal<S, A> {
    constructor(sender: S);
    connect(slot: (sender: S, args: A) => void): boolean;
    disconnect(slot: (sender: S, args: A) => void): boolean;
    emit(args: A): void;
  }
}

declare module '@lumino/widgets' {
  import type { ISignal } from '@lumino/signaling';
  export class Title {
    label: string;
    caption: string;
    icon: unknown;
    closable: boolean;
  }
  export class Widget {
    constructor(options?: { node?: HTMLElement });
    id: string;
    readonly node: HTMLElement;
    readonly title: Title;
    readonly isVisible: boolean;
    readonly isAttached: boolean;
    readonly isDisposed: boolean;
    readonly disposed: ISignal<Widget, void>;
    addClass(name: string): void;
    dispose(): void;
    protected onAfterShow(message: unknown): void;
    protected onBeforeHide(message: unknown): void;
    protected onAfterAttach(message: unknown): void;
    protected onBeforeDetach(message: unknown): void;
  }
  export class Panel extends Widget {
    addWidget(widget: Widget): void;
  }
}

declare module '@lumino/commands' {
  import type { IDisposable } from '@lumino/disposable';
  export interface CommandArgs {
    [name: string]: unknown;
  }
  export interface CommandOptions {
    label: string | ((args: CommandArgs) => string);
    caption?: string;
    icon?: unknown;
    execute: (args: CommandArgs) => unknown;
    isEnabled?: (args: CommandArgs) => boolean;
    isVisible?: (args: CommandArgs) => boolean;
    describedBy?: { args: unknown };
  }
  export class CommandRegistry {
    addCommand(id: string, options: CommandOptions): IDisposable;
    execute(id: string, args?: CommandArgs): Promise<unknown>;
    notifyCommandChanged(id?: string): void;
  }
}

declare module '@jupyterlab/application' {
  import type { CommandRegistry } from '@lumino/commands';
  import type { Token } from '@lumino/coreutils';
  import type { ISignal } from '@lumino/signaling';
  import type { Widget } from '@lumino/widgets';
  import type { WidgetTracker } from '@jupyterlab/apputils';
  import type { ServiceManager } from '@jupyterlab/services';
  export interface Shell {
    readonly currentWidget: Widget | null;
    add(widget: Widget, area?: string, options?: { rank?: number; mode?: string; ref?: string }): void;
    activateById(id: string): void;
    expandLeft?(id?: string): void;
    expandRight?(id?: string): void;
  }
  export interface JupyterFrontEnd {
    readonly name: string;
    readonly commands: CommandRegistry;
    readonly shell: Shell;
    readonly serviceManager: ServiceManager;
    readonly restored: Promise<void>;
    contextMenuHitTest(test: (node: HTMLElement) => boolean): HTMLElement | undefined;
  }
  export interface JupyterFrontEndPlugin<T> {
    id: string;
    description?: string;
    autoStart?: boolean;
    optional?: Token<unknown>[];
    activate(app: JupyterFrontEnd, ...services: never[]): T | Promise<T>;
  }
  export type ILabShell = Shell;
  export const ILabShell: Token<ILabShell>;
  export interface ILayoutRestorer {
    add(widget: Widget, name: string): void;
    restore<T extends Widget>(
      tracker: WidgetTracker<T>,
      options: { command: string; args: (widget: T) => { [name: string]: string }; name: (widget: T) => string },
    ): Promise<unknown>;
  }
  export const ILayoutRestorer: Token<ILayoutRestorer>;
}

declare module '@jupyterlab/apputils' {
  import type { Token } from '@lumino/coreutils';
  import type { ISignal } from '@lumino/signaling';
  import type { Widget } from '@lumino/widgets';
  import { Widget as WidgetClass } from '@lumino/widgets';
  import type { KernelConnection } from '@jupyterlab/services';
  export interface ICommandPalette {
    addItem(item: { command: string; category: string; args?: { [name: string]: unknown } }): unknown;
  }
  export const ICommandPalette: Token<ICommandPalette>;
  export interface SessionContext {
    readonly session: { readonly kernel: KernelConnection | null; readonly path: string } | null;
    readonly path: string;
    readonly ready: Promise<void>;
    readonly kernelChanged: ISignal<SessionContext, unknown>;
    readonly iopubMessage: ISignal<SessionContext, unknown>;
    readonly connectionStatusChanged: ISignal<SessionContext, string>;
    readonly statusChanged: ISignal<SessionContext, string>;
  }
  export class WidgetTracker<T extends Widget> {
    constructor(options: { namespace: string });
    readonly currentWidget: T | null;
    readonly currentChanged: ISignal<WidgetTracker<T>, T | null>;
    readonly widgetAdded: ISignal<WidgetTracker<T>, T>;
    add(widget: T): Promise<void>;
    find(test: (widget: T) => boolean): T | undefined;
    forEach(act: (widget: T) => void): void;
  }
  export class MainAreaWidget<T extends Widget> extends WidgetClass {
    constructor(options: { content: T });
    readonly content: T;
  }
  export class Dialog {
    static cancelButton(options?: { label?: string }): unknown;
    static okButton(options?: { label?: string }): unknown;
    static warnButton(options?: { label?: string }): unknown;
  }
  export function showDialog<T>(options: {
    title: string;
    body?: Widget | string;
    buttons?: unknown[];
    focusNodeSelector?: string;
  }): Promise<{ button: { accept: boolean }; value: T | null }>;
  export const Notification: {
    info(message: string, options?: { autoClose?: number | false }): string;
    error(message: string, options?: { autoClose?: number | false }): string;
  };
}

declare module '@jupyterlab/coreutils' {
  export namespace URLExt {
    function join(...parts: string[]): string;
  }
}

declare module '@jupyterlab/services' {
  import type { ISignal } from '@lumino/signaling';
  export interface ServerSettings {
    readonly baseUrl: string;
    readonly wsUrl: string;
    readonly token: string;
  }
  export const ServerConnection: {
    makeRequest(url: string, init: { method?: string; body?: string }, settings: ServerSettings): Promise<Response>;
  };
  export interface KernelMessage {
    readonly header: { readonly msg_id: string; readonly msg_type: string };
    readonly parent_header: { readonly msg_id?: string; readonly msg_type?: string };
    readonly channel: string;
    readonly content: { [name: string]: unknown };
  }
  export const KernelMessage: {
    createMessage(options: { msgType: string; channel: string; session: string; username: string; content: unknown }): KernelMessage;
  };
  export interface Comm {
    open(data?: unknown): unknown;
    send(data: unknown): unknown;
    close(): unknown;
    onMsg: (message: KernelMessage) => void;
    onClose: (message: KernelMessage) => void;
    readonly isDisposed: boolean;
  }
  export interface KernelConnection {
    readonly id: string;
    readonly status: string;
    readonly connectionStatus: string;
    readonly iopubMessage: ISignal<KernelConnection, KernelMessage>;
    readonly statusChanged: ISignal<KernelConnection, string>;
    readonly connectionStatusChanged: ISignal<KernelConnection, string>;
    readonly clientId: string;
    readonly username: string;
    readonly handleComms: boolean;
    readonly supportsSubshells: boolean;
    readonly commsOverSubshells: string; // a setting of JupyterLab
    createComm(target: string): Comm;
    sendControlMessage(message: KernelMessage, expectReply: boolean, disposeOnDone: boolean): { readonly done: Promise<KernelMessage | undefined> };
  }
  export interface ServiceManager {
    readonly serverSettings: ServerSettings;
  }
}

declare module '@jupyterlab/notebook' {
  import type { Token } from '@lumino/coreutils';
  import type { ISignal } from '@lumino/signaling';
  import type { Widget } from '@lumino/widgets';
  import type { SessionContext, WidgetTracker } from '@jupyterlab/apputils';
  export interface Position {
    readonly line: number;
    readonly column: number;
  }
  export interface Editor {
    getCursorPosition(): Position;
    focus(): void;
  }
  export interface OutputModel {
    readonly type: string;
    readonly data: { readonly [mime: string]: unknown };
    toJSON(): { [name: string]: unknown };
  }
  export interface OutputAreaModel {
    readonly length: number;
    set(index: number, output: { [name: string]: unknown }): void;
    get(index: number): OutputModel;
    add(output: { [name: string]: unknown }): number;
  }
  export interface CellModel {
    readonly id: string;
    readonly type: string;
    executionCount?: number | null;
    executionState?: string; // "running", "idle": what the prompt shows
    readonly outputs?: OutputAreaModel;
    readonly sharedModel: { getSource(): string; updateSource(start: number, end: number, value?: string): void };
  }
  export interface Cell extends Widget {
    readonly model: CellModel;
    readonly editor: Editor | null;
    readonly outputArea?: { readonly future: { readonly msg: { readonly header: { readonly msg_id: string } } } | null };
  }
  export interface NotebookPanel extends Widget {
    readonly content: Widget & { readonly activeCell: Cell | null; readonly widgets: readonly Cell[]; activeCellIndex: number };
    readonly context: { readonly path: string; readonly ready: Promise<void> };
    readonly sessionContext: SessionContext;
    readonly revealed: Promise<void>;
  }
  export interface INotebookTracker extends WidgetTracker<NotebookPanel> {
    readonly activeCell: Cell | null;
  }
  export const INotebookTracker: Token<INotebookTracker>;
}

declare module '@jupyterlab/running' {
  import type { Token } from '@lumino/coreutils';
  import type { ISignal } from '@lumino/signaling';
  export interface IRunningSessionManagers {
    add(manager: {
      name: string;
      running(): unknown[];
      shutdownAll(): void;
      refreshRunning(): void;
      runningChanged: ISignal<unknown, unknown>;
      shutdownLabel?: string;
      shutdownAllLabel?: string;
      shutdownAllConfirmationText?: string;
    }): unknown;
  }
  export const IRunningSessionManagers: Token<IRunningSessionManagers>;
}

declare module '@jupyterlab/settingregistry' {
  import type { Token } from '@lumino/coreutils';
  import type { ISignal } from '@lumino/signaling';
  export interface Settings {
    readonly composite: { readonly [name: string]: unknown };
    readonly changed: ISignal<Settings, void>;
  }
  export interface ISettingRegistry {
    load(plugin: string): Promise<Settings>;
  }
  export const ISettingRegistry: Token<ISettingRegistry>;
}

declare module '@jupyterlab/statusbar' {
  import type { Token } from '@lumino/coreutils';
  import type { IDisposable } from '@lumino/disposable';
  import type { ISignal } from '@lumino/signaling';
  import type { Widget } from '@lumino/widgets';
  export interface IStatusBar {
    registerStatusItem(
      id: string,
      item: { item: Widget; align?: string; rank?: number; isActive?: () => boolean; activeStateChanged?: ISignal<unknown, void> },
    ): IDisposable;
  }
  export const IStatusBar: Token<IStatusBar>;
}

declare module '@jupyterlab/translation' {
  import type { Token } from '@lumino/coreutils';
  export interface Translation {
    __(text: string, ...args: unknown[]): string;
  }
  export interface ITranslator {
    load(domain: string): Translation;
  }
  export const ITranslator: Token<ITranslator>;
}

declare module '@jupyterlab/ui-components' {
  export class LabIcon {
    constructor(options: { name: string; svgstr: string });
    element(options?: { tag?: string; className?: string }): HTMLElement;
  }
}
