// The loudness of the own microphone, 0 to 1, for the meter of the first screen.

/** Reports the level about 20 times a second until the returned function is called. */
export function watchLevel(track: MediaStreamTrack, report: (level: number) => void): () => void {
  const Context = globalThis.AudioContext;
  if (!Context) return () => {};
  const context = new Context();
  const analyser = context.createAnalyser();
  analyser.fftSize = 512;
  context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  // A page nobody has touched yet may not run audio; the first touch lets it.
  const wake = (): void => void context.resume().catch(() => {});
  document.addEventListener("pointerdown", wake);
  document.addEventListener("keydown", wake);
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    let sum = 0;
    for (const s of samples) sum += s * s;
    const db = 20 * Math.log10(Math.sqrt(sum / samples.length) || 1e-6);
    report(Math.min(1, Math.max(0, (db + 60) / 50)));
  }, 50);
  return () => {
    clearInterval(timer);
    document.removeEventListener("pointerdown", wake);
    document.removeEventListener("keydown", wake);
    void context.close().catch(() => {});
  };
}
