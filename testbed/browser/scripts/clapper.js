// A clapperboard in place of camera and microphone: every second the picture
// turns white and a tone begins, both by one audio clock. 'claps' has when
// each left, in ms of the machine's clock: the picture when it was drawn, the
// tone when it came out of the graph. While it is hushed nothing sounds.
(() => {
	const PERIOD = 1, LENGTH = 0.15, HZ = 1000, WIDTH = 640, HEIGHT = 360;
	const now = () => performance.timeOrigin + performance.now();
	const pictures = [];
	const claps = (window.claps = { pictures: () => pictures, sounds: () => [], hushed: false });
	let stream;

	function canvasTrack() {
		const canvas = Object.assign(document.createElement("canvas"), { width: WIDTH, height: HEIGHT });
		// The frames are drawn on request, so that none waits for a sampler.
		return [canvas.getContext("2d"), canvas.captureStream(0).getVideoTracks()[0]];
	}

	function begin() {
		const audio = new AudioContext({ sampleRate: 48000 });
		const out = audio.createMediaStreamDestination();
		const gain = new GainNode(audio, { gain: 0 });
		const tone = new OscillatorNode(audio, { frequency: HZ });
		tone.connect(gain).connect(out);
		tone.start();
		const [g, picture] = canvasTrack();
		const first = audio.currentTime + 1;
		let scheduled = 0, ticks = 0, white = false;

		// Every second tick of 60 Hz.
		const draw = () => {
			requestAnimationFrame(draw);
			if (ticks++ % 2) return;
			const t = audio.currentTime;
			while (first + scheduled * PERIOD < t + 1) {
				const at = first + scheduled++ * PERIOD;
				if (claps.hushed) continue;
				gain.gain.setValueAtTime(0.5, at);
				gain.gain.setValueAtTime(0, at + LENGTH);
			}
			const on = t >= first && (t - first) % PERIOD < LENGTH;
			g.fillStyle = on ? "white" : "black";
			g.fillRect(0, 0, WIDTH, HEIGHT);
			g.fillStyle = "gray";
			g.fillRect((ticks * 5) % WIDTH, HEIGHT - 20, 20, 20); // no two frames are the same
			picture.requestFrame();
			if (on && !white) pictures.push(now());
			white = on;
		};
		draw();
		const [sound] = out.stream.getAudioTracks();
		claps.sounds = window.ears.follow(sound.clone());
		return new MediaStream([picture, sound]);
	}

	navigator.mediaDevices.getUserMedia = async (wanted) => {
		stream ??= begin();
		const tracks = stream.getTracks().filter((t) => wanted[t.kind]);
		return new MediaStream(tracks.map((t) => t.clone()));
	};
	// A screen on which nothing happens.
	navigator.mediaDevices.getDisplayMedia = async () => {
		const [g, picture] = canvasTrack();
		g.fillRect(0, 0, WIDTH, HEIGHT);
		picture.requestFrame();
		return new MediaStream([picture]);
	};
})();
