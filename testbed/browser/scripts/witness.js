// Writes down what a person would notice of the others: what is said aloud, and
// in which state each was, in the order in which it came.
(() => {
	const witness = (window.witness = { said: [], states: {} });
	const look = () => {
		const status = document.querySelector(".hidden[role=status]")?.textContent;
		if (status && status !== witness.said.at(-1)) witness.said.push(status);
		const people = window.meridian?.state().people ?? [];
		const now = Object.fromEntries(people.map((p) => [p.peerId, p.state]));
		for (const id of new Set([...Object.keys(witness.states), ...Object.keys(now)])) {
			const states = (witness.states[id] ??= []);
			const state = now[id] ?? "gone";
			if (states.at(-1) !== state) states.push(state);
		}
	};
	setInterval(look, 50);
})();
