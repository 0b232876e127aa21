// Package letter writes what people get by e-mail and SMS: invitation, update, cancellation and reminder of a
// meeting, and the welcome with its password link, in their language.
//
// Templates are built in for English and Russian; other languages get English. A company may replace each by
// its own, which is checked so that it can neither run away nor reach anything but the letter's own words. It
// sends nothing.
package letter
