package catalogue

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/testday"
)

func namesOf(kind ModelKind) (names []string) {
	for _, m := range DefaultModels() {
		if m.Kind == kind {
			names = append(names, m.Name)
		}
	}
	return names
}

func TestR60_DefaultHardware(t *testing.T) {
	require.Equal(t, []string{
		"Rally Bar", "Rally Bar Mini", "Rally Plus", "Rally", "Rally Camera", "Meetup", "Tap", "Tap IP",
		"Swytch", "RoomMate", "Scribe",
	}, namesOf(KindHardware))
	for _, m := range DefaultModels() {
		if m.Kind == KindHardware {
			require.True(t, m.Serialised)
			require.Equal(t, 2, m.StandardWarrantyYears)
		}
	}
}

func TestR74_R75_DefaultAccessoriesAndSoftware(t *testing.T) {
	require.Equal(t, []string{"Table mount", "Strong USB cable"}, namesOf(KindAccessory))
	require.Equal(t, []string{"Sync", "CollabOS"}, namesOf(KindSoftware))
	codes := map[string]bool{}
	for _, m := range DefaultModels() {
		require.False(t, codes[m.Code], "code twice")
		codes[m.Code] = true
		require.Equal(t, NormaliseModelCode(m.Code), m.Code)
		require.Equal(t, m.Kind == KindAccessory, m.FollowsRoom())
	}
}

func TestR70_EachPlatformHasABundleOfComponents(t *testing.T) {
	platforms := map[rules.Platform]bool{}
	for _, m := range DefaultModels() {
		if m.Kind != KindBundle {
			parts, err := ExpandBundle(DefaultModels(), m.Code, testday.Day(t, "2026-01-01"))
			require.NoError(t, err)
			require.Equal(t, []Component{{m.Code, 1}}, parts, "stands for itself")
			continue
		}
		platforms[m.Platform] = true
		parts, err := ExpandBundle(DefaultModels(), " "+m.Code, testday.Day(t, "2026-01-01"))
		require.NoError(t, err)
		require.NotEmpty(t, parts)
		for _, part := range parts {
			component, ok := ModelOn(DefaultModels(), part.Code, testday.Day(t, "2026-01-01"))
			require.True(t, ok)
			require.Equal(t, KindHardware, component.Kind)
		}
	}
	require.Equal(t, map[rules.Platform]bool{
		rules.PlatformTeamsWindows:  true,
		rules.PlatformTeamsAndroid:  true,
		rules.PlatformZoomPC:        true,
		rules.PlatformZoomAppliance: true,
	}, platforms)
	_, ok := ModelOn(DefaultModels(), "TAP-BUNDLE-TEAMS", testday.Day(t, "2026-01-01"))
	require.True(t, ok, "the SKU of the order catalogue is a bundle here")
}

func TestR70_NestedBundles(t *testing.T) {
	models := []ProductModel{
		{Code: "A", Kind: KindHardware}, {Code: "B", Kind: KindAccessory},
		{Code: "PAIR", Kind: KindBundle, Components: []Component{{"A", 2}, {"b", 1}}},
		{Code: "BIG", Kind: KindBundle, Components: []Component{{"PAIR", 3}, {"A", 1}}},
		{Code: "LOOP", Kind: KindBundle, Components: []Component{{"A", 1}, {"LOOP2", 1}}},
		{Code: "LOOP2", Kind: KindBundle, Components: []Component{{"LOOP", 1}}},
		{Code: "HOLE", Kind: KindBundle, Components: []Component{{"NONE", 1}}},
	}
	parts, err := ExpandBundle(models, "BIG", testday.Day(t, "2026-01-01"))
	require.NoError(t, err)
	require.Equal(t, []Component{{"A", 7}, {"B", 3}}, parts)
	for _, code := range []string{"LOOP", "HOLE", "NONE", ""} {
		_, err := ExpandBundle(models, code, testday.Day(t, "2026-01-01"))
		require.Equal(t, rules.ModelNotSupported, rules.CodeOf(err), code)
	}
}

// Units of our own are of models that the catalogue knows; what is nearly spelled so is named.
func TestAModelThatTheCatalogueNeverHadIsRefusedWithTheNearestOnes(t *testing.T) {
	models := map[string][]ProductModel{}
	for _, m := range DefaultModels() {
		models[m.Code] = append(models[m.Code], m)
	}
	for code, near := range map[string]string{
		"RALLY-BAR":  "",
		"rally-bar ": "",
		"RALY-BAR":   "Nearly spelled so: RALLY-BAR",
		"MEETPU":     "Nearly spelled so: MEETUP",
		"PROJECTOR":  "Use the code of a model of the catalog.",
	} {
		err := CheckModel("/model", code, models)
		if near == "" {
			require.NoError(t, err, code)
			continue
		}
		var refused *rules.Error
		require.ErrorAs(t, err, &refused, code)
		require.Equal(t, UnknownModel, refused.Fields[0].Code)
		require.Contains(t, refused.Fields[0].Remedy, near)
	}
}
