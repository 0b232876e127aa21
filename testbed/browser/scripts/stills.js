// Tells how long the picture of a person stood still, by what the page shows.
(() => {
	const known = new WeakSet();
	let last, longest, pictures;
	const begin = () => ([last, longest, pictures] = [performance.now(), 0, 0]);

	function watch(video) {
		const frame = (now) => {
			video.requestVideoFrameCallback(frame);
			longest = Math.max(longest, now - last);
			last = now;
			pictures++;
		};
		video.requestVideoFrameCallback(frame);
	}

	setInterval(() => {
		for (const v of document.querySelectorAll('[data-tile^="person:"] video')) {
			if (!known.has(v)) known.add(v), watch(v);
		}
	}, 100);

	begin();
	/** Begins anew; read tells of since then, and of now. */
	window.stills = { begin, read: () => ({ pictures, longest: Math.max(longest, performance.now() - last) }) };
})();
