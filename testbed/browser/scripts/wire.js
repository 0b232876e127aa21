// Keeps the page's peer connections and counts what is negotiated on them,
// whatever the page says of itself.
(() => {
	const connections = [];
	const wire = (window.wire = { descriptions: 0, connections });
	const Plain = RTCPeerConnection;
	window.RTCPeerConnection = class extends Plain {
		constructor(...args) {
			super(...args);
			connections.push(this);
		}
		setRemoteDescription(...args) {
			wire.descriptions++;
			return super.setRemoteDescription(...args);
		}
	};
	const connection = () => connections.findLast((c) => c.connectionState === "connected");
	const sent = () => connection().getSenders().flatMap((s) => s.track ?? []);

	/** What is sent, with its settings. */
	wire.tracks = () => sent().map((t) => ({ id: t.id, kind: t.kind, ...t.getSettings() }));
	/** Pulls out camera and microphone. */
	wire.unplug = () => {
		for (const t of sent()) {
			t.stop();
			t.dispatchEvent(new Event("ended"));
		}
	};
	/** How many pictures the cameras have taken. */
	wire.taken = async () => {
		const report = [...(await connection().getStats()).values()];
		return report.filter((s) => s.type === "media-source").reduce((sum, s) => sum + (s.frames ?? 0), 0);
	};
	/** What came of a kind since the beginning, all slots together. */
	wire.received = async (kind) => {
		const sum = { bytes: 0, packets: 0, samples: 0, concealed: 0, frames: 0, keyframes: 0, asked: 0, nacks: 0, frozen: 0 };
		const report = await connection().getStats();
		for (const s of report.values()) {
			if (s.type !== "inbound-rtp" || s.kind !== kind || !s.packetsReceived) continue;
			sum.bytes += s.bytesReceived;
			sum.packets += s.packetsReceived;
			sum.samples += s.totalSamplesReceived ?? 0;
			// Silence in the place of silence is no fault.
			sum.concealed += (s.concealedSamples ?? 0) - (s.silentConcealedSamples ?? 0);
			sum.frames += s.framesDecoded ?? 0;
			sum.keyframes += s.keyFramesDecoded ?? 0;
			sum.asked += s.pliCount ?? 0;
			sum.nacks += s.nackCount ?? 0;
			sum.frozen += s.totalFreezesDuration ?? 0;
		}
		return sum;
	};
})();
