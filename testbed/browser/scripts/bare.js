// A computer without camera and microphone.
navigator.mediaDevices.getUserMedia = async () => {
	throw new DOMException("there is none", "NotFoundError");
};
