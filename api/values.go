package api

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/danielgtaylor/huma/v2"
)

// valuesFile says what each value of each fixed set means: an object for each set, in no
// order. The set itself stands in the enum tag of the field or parameter.
//
//go:embed values.json
var valuesFile []byte

// valuesExtension is where a schema says what each value of its enum means, by value. It
// is what Redoc and others show.
const valuesExtension = "x-enumDescriptions"

// describeValues adds to every enum of the description what its values mean. A set that
// values.json does not hold is left as it is; a test finds it.
func describeValues(api *huma.OpenAPI) error {
	var sets []map[string]string
	if err := json.Unmarshal(valuesFile, &sets); err != nil {
		return fmt.Errorf("values.json: %w", err)
	}

	meanings := map[string]map[string]string{}
	for _, set := range sets {
		meanings[setKey(slices.Collect(maps.Keys(set)))] = set
	}

	eachSchema(api, func(s *huma.Schema) {
		set, ok := meanings[setKey(enumOf(s))]
		if !ok {
			return
		}
		if s.Extensions == nil {
			s.Extensions = map[string]any{}
		}
		s.Extensions[valuesExtension] = set
	})

	return nil
}

// enumOf returns the fixed set of values of a schema, nil when there is none.
func enumOf(s *huma.Schema) []string {
	var values []string
	for _, v := range s.Enum {
		values = append(values, fmt.Sprint(v))
	}
	return values
}

// setKey names a set of values whatever their order.
func setKey(values []string) string { return fmt.Sprint(slices.Sorted(slices.Values(values))) }

// eachSchema calls visit with every schema of the description: of the components with
// their properties and items, and of the parameters.
func eachSchema(api *huma.OpenAPI, visit func(*huma.Schema)) {
	var walk func(s *huma.Schema)
	walk = func(s *huma.Schema) {
		if s == nil {
			return
		}

		visit(s)
		walk(s.Items)
		for _, name := range sortedKeys(s.Properties) {
			walk(s.Properties[name])
		}
	}

	components := api.Components.Schemas.Map()
	for _, name := range sortedKeys(components) {
		walk(components[name])
	}

	for _, op := range operationsOf(api) {
		for _, p := range op.Parameters {
			walk(p.Schema)
		}
	}
}
