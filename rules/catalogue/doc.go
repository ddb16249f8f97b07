// Package catalogue says what is sold and where: SKUs, product models, countries' terms,
// and the program with its windows (C8).
package catalogue
