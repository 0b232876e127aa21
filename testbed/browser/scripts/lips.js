// Notes when the page shows a flash and when it plays a beep, ms of the
// machine's clock.
(() => {
	const seen = [], ears = [];
	window.lips = { seen: () => seen, heard: () => ears.flatMap((begun) => begun()) };
	const known = new WeakSet();
	const spot = Object.assign(document.createElement("canvas"), { width: 4, height: 4 }).getContext("2d", { willReadFrequently: true });

	function watch(video) {
		let white = true;
		const frame = (_, meta) => {
			video.requestVideoFrameCallback(frame);
			spot.drawImage(video, 0, 0, 4, 4);
			const on = spot.getImageData(1, 1, 1, 1).data[1] > 128;
			if (on && !white) seen.push(performance.timeOrigin + meta.expectedDisplayTime);
			white = on;
		};
		video.requestVideoFrameCallback(frame);
	}

	function look() {
		for (const v of document.querySelectorAll('[data-tile^="person:"] video')) {
			if (!known.has(v)) known.add(v), watch(v);
		}
		for (const a of document.querySelectorAll("audio")) {
			const track = a.srcObject?.getAudioTracks()[0];
			if (track && !known.has(track)) known.add(track), ears.push(window.ears.follow(track));
		}
	}
	setInterval(look, 100);
})();
