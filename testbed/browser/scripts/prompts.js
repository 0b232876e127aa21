// Counts what the page asks the browser for, in window.prompts.
window.prompts = 0;
const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = (wanted) => {
	window.prompts++;
	return ask(wanted);
};
