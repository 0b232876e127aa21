// Package photo gives pictures of people without a camera, so that no
// participant's browser asks a third party for them and nobody learns another's
// e-mail address: the node fetches a picture from where it is (Source), makes it
// small, and gives it out under an id that says nothing (Album).
//
// It knows neither rooms nor people, and it is no proxy: only sources that this
// node was told of have an id, and what it gives out is always a JPEG of its own
// making.
package photo
