// A browser that has no windows with documents; 'pip' notes what it is given.
delete window.documentPictureInPicture;
window.pip = { actions: {} };
const open = HTMLVideoElement.prototype.requestPictureInPicture;
HTMLVideoElement.prototype.requestPictureInPicture = function () { pip.video = this; return open.call(this); };
const set = MediaSession.prototype.setActionHandler;
MediaSession.prototype.setActionHandler = function (name, run) { pip.actions[name] = run; return set.call(this, name, run); };
