// Package calendar writes iCalendar files for one meeting: invitation and update (METHOD REQUEST) and
// cancellation (METHOD CANCEL), RFC 5545 and RFC 5546.
//
// The zone's rules around the date are written as VTIMEZONE from Go's time zone data, so that a calendar needs
// none of its own. It reads no files, knows no recurring events and no answers of attendees.
package calendar
