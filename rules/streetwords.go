package rules

import "strings"

// streetParticles say nothing about which street it is.
var streetParticles = set("de da do das dos del")

// numberMarkers stand before a house number and mean only "number".
var numberMarkers = set("n no nr nro num numero number numer nummer hausnummer")

// streetWords maps each way of writing a street word to one of them. A word with
// two meanings ("dr" is drive and doctor, "st" is street and saint) has one
// spelling for both, which does no harm in a comparison.
var streetWords = func() map[string]string {
	classes := `av ave avenue avenida avda avd aven
		r rua
		al alameda alam
		tv trav travessa travesia
		pc pca praca plaza pza plza plz platz pl place
		rod rodovia
		est estr estrada
		lgo largo
		blvd boulevard bulevar bd boul
		st street saint sta santa sto santo san sankt
		rd road
		dr drive doutor doctor doutora dra
		ln lane
		ct court
		sq square
		pkwy parkway
		hwy highway
		calle cl
		cra carrera kr
		ctra carretera
		ps paseo pso
		weg wg
		gasse g
		all allee
		eng engenheiro ingeniero ing
		prof professor profesor professora
		gen general gal
		pres presidente president
		cel coronel col
		ste suite suites
		fl floor andar piso stock
		apt apartment apartamento apto ap
		bldg building edificio ed edif
		cj conj conjunto
		bl bloco bloque block
		sala sl
		n north norte nord
		s south sul sur sud
		e east leste este ost
		w west oeste`

	spelling := map[string]string{}
	for _, class := range strings.Split(classes, "\n") {
		ways := strings.Fields(class)
		for _, way := range ways {
			spelling[way] = ways[0]
		}
	}

	return spelling
}()
