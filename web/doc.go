// Package web holds what the portal and the console share: the look (static), the parts that pages
// are made of (templates), lists with columns, sessions as rows, passwords, the headers of every
// page, and the languages that a browser accepts.
package web
