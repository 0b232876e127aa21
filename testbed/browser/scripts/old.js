// A browser from before WebRTC.
delete window.RTCPeerConnection;
