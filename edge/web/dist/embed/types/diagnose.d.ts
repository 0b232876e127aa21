export interface Report {
    /** No finding hinders a call. */
    ok: boolean;
    findings: Finding[];
}
export interface Finding {
    code: string;
    /** Whether a call is impossible with it, or only poorer. */
    hinders: boolean;
}
export declare function diagnose(frame: HTMLIFrameElement, origin: string, page: () => Promise<unknown>): Promise<Report>;
