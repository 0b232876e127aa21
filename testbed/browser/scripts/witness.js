// Writes down what a person would notice of the others: what is said aloud, and
// in which state each was, in the order in which it came. It looks after every
// message and every change of what is said, and not by a clock: a busy page is late
// for that, and misses who is back at once.
(() => {
	const witness = (window.witness = { said: [], states: {} });
	const listen = () => {
		const status = document.querySelector(".hidden[role=status]")?.textContent;
		if (status && status !== witness.said.at(-1)) witness.said.push(status);
	};
	const look = () => {
		listen();
		const people = window.meridian?.state().people ?? [];
		const now = Object.fromEntries(people.map((p) => [p.peerId, p.state]));
		for (const id of new Set([...Object.keys(witness.states), ...Object.keys(now)])) {
			const states = (witness.states[id] ??= []);
			const state = now[id] ?? "gone";
			if (states.at(-1) !== state) states.push(state);
		}
	};
	window.WebSocket = class extends WebSocket {
		set onmessage(f) {
			super.onmessage = f && ((e) => (f(e), look()));
		}
	};
	new MutationObserver(listen).observe(document, { subtree: true, childList: true, characterData: true });
	setInterval(look, 50);
})();
