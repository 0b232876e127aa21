// The longest times in which no packet of a kind arrived, over all connections
// of the page. It needs wire.
(() => {
	const gap = (window.gap = { audio: 0, video: 0, events: [] });
	const seen = new Map();
	const known = new Set();
	const last = {};
	gap.reset = () => {
		const now = performance.now();
		Object.assign(gap, { audio: 0, video: 0, events: [], began: now });
		last.audio = last.video = now;
		return true;
	};
	/** Gaps so far, ms, those under way as well. */
	gap.read = () => {
		const now = performance.now();
		return { audio: Math.max(gap.audio, now - last.audio), video: Math.max(gap.video, now - last.video), events: gap.events };
	};
	/** How long ago the last packet arrived, ms. */
	gap.since = () => ({ audio: performance.now() - last.audio, video: performance.now() - last.video, events: [] });
	const arrive = (kind) => {
		const now = performance.now();
		gap[kind] = Math.max(gap[kind], now - last[kind]);
		last[kind] = now;
	};
	/** From where a connection can send, when that is first seen. */
	const ways = (i, { protocol, address }) => {
		const way = `${i} from ${protocol} ${address}`;
		if (!known.has(way)) note(way);
		known.add(way);
	};
	const look = async () => {
		for (const [i, pc] of wire.connections.entries()) {
			if (pc.connectionState === "closed") continue;
			for (const s of (await pc.getStats()).values()) {
				if (s.type === "local-candidate") ways(i, s);
				if (s.type !== "inbound-rtp" || !s.packetsReceived) continue;
				const key = `${i} ${s.id}`;
				if (s.packetsReceived > (seen.get(key) ?? 0)) arrive(s.kind);
				seen.set(key, s.packetsReceived);
			}
		}
		setTimeout(look, 80);
	};
	const note = (what) => gap.events.push(`${Math.round(performance.now() - gap.began)} ${what}`);
	for (const what of ["online", "offline"]) addEventListener(what, () => note(what));
	navigator.connection?.addEventListener("change", () => note(`change ${navigator.connection.type}`));
	let phase = "";
	let states = "";
	setInterval(() => {
		const p = window.meridian?.state().phase;
		if (p !== phase) note((phase = p));
		const s = wire.connections.filter((c) => c.connectionState !== "closed").map((c) => c.iceConnectionState).join();
		if (s !== states) note((states = s));
	}, 20);
	gap.reset();
	look();
})();
