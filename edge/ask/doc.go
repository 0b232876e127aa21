// Package ask asks a company's own server about a visitor who is about to come
// in, and reads what it answers: may they, or why not.
//
// What is to be asked, and whether at all, is the entry decision's (package
// entry); who may be called is the guard's of the client it is given. It keeps
// nothing and knows no rooms.
package ask
