// Whether the page can be seen, and how fine its screen is.

export interface Sight {
  visible: boolean;
  /** Device pixels per CSS pixel; changes with zoom and from screen to screen. */
  density: number;
}

/** Reports now and on every change, as long as the page lives. */
export function watchSight(report: (s: Sight) => void): void {
  const tell = (): void => report({ visible: document.visibilityState !== "hidden", density: devicePixelRatio || 1 });
  const watchDensity = (): void => {
    // A query fits one density; once it does not fit any more there is another.
    matchMedia(`(resolution: ${devicePixelRatio}dppx)`).addEventListener("change", () => (tell(), watchDensity()), { once: true });
  };
  document.addEventListener("visibilitychange", tell);
  watchDensity();
  tell();
}
