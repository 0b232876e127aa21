/** Makes the element known; where there is no DOM, as on a server, or a second time, nothing happens. */
export declare function define(name?: string): void;
