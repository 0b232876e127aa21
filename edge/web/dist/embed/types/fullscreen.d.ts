export declare function isFull(frame: Element): boolean;
/** Rejects with `fullscreen_denied`, above all without a click just before. */
export declare function setFull(frame: Element, on: boolean): Promise<void>;
