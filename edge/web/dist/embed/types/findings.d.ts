export declare const findings: Readonly<Record<string, boolean>>;
/** Whether no call is possible with it; a code from the future hinders nothing. */
export declare function hinders(code: string): boolean;
