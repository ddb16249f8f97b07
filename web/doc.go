// Package web holds what the portal and the console share: the look (static), sessions as
// rows, passwords, the headers of every page, and the languages that a browser accepts.
package web
