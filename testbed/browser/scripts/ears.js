// Finds where tones begin in a track, to a few ms, however late this thread is:
// by the stamps of the samples, moved to the machine's clock by the least
// lateness with which any came here.
window.ears = {
	/** Returns a function that lists the beginnings, ms of the machine's clock. */
	follow(track) {
		const LOUD = 0.05, QUIET_MS = 200;
		const reader = new MediaStreamTrackProcessor({ track }).readable.getReader();
		const begun = [];
		let toHere = Infinity, loudAt = -Infinity;
		const listen = async () => {
			for (;;) {
				const { value, done } = await reader.read();
				if (done) return;
				const at = value.timestamp / 1000, ms = 1000 / value.sampleRate;
				toHere = Math.min(toHere, performance.timeOrigin + performance.now() - at);
				const samples = new Float32Array(value.numberOfFrames);
				value.copyTo(samples, { planeIndex: 0, format: "f32-planar" });
				value.close();
				const first = samples.findIndex((s) => Math.abs(s) > LOUD);
				if (first < 0) continue;
				if (at + first * ms - loudAt > QUIET_MS) begun.push(at + first * ms);
				loudAt = at + samples.length * ms;
			}
		};
		listen();
		return () => begun.map((at) => at + toHere);
	},
};
