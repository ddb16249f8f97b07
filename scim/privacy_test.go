package scim_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/privacy"
	"roomcover.dev/roomcover/models/provisioning"
	"roomcover.dev/roomcover/models/storetest"
)

// What a directory says of somebody is forgotten with them, the requests that name them included;
// those about others stay.
func TestS33_WhatADirectorySaysIsForgottenWithThePerson(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		w := newTown(t, env)
		id := w.hire("Bruno Quintela", "bruno@acme.example")
		carla := w.hire("Carla Reis", "carla@acme.example")
		w.send("GET", `/Users?filter=userName eq "bruno@acme.example"`, "")
		w.send("POST", "/Groups", `{"displayName":"Rooms","members":[
			{"value":"`+id+`","display":"Bruno Quintela"},{"value":"`+carla+`"}]}`)
		bruno, err := w.UserByEmail(w.Context, "bruno@acme.example")
		require.NoError(t, err)

		p := db.Person{
			UserID:    bruno.ID,
			Email:     "bruno@acme.example",
			Names:     []string{"Bruno Quintela"},
			Pseudonym: "Person 7F3K",
		}
		for range 2 { // again it finds nothing
			require.NoError(t, w.Write(w.Context, func(tx *db.Tx) error {
				for _, e := range provisioning.Erasures() {
					if _, err := e.EraseBatch(tx, p, 500); err != nil {
						return err
					}
				}
				return nil
			}))
		}
		require.Zero(t, w.Count(t, "SELECT count(*) FROM scim_people WHERE user_id = '"+bruno.ID+"'"))
		require.Equal(t, 1, w.Count(t, "SELECT count(*) FROM scim_group_people"))
		kept, _, err := w.Provisioning.RequestsOf(storetest.Customer(w.account), w.account, db.Page{})
		require.NoError(t, err)
		require.Len(t, kept, 1, "Carla's")
		raw, err := json.Marshal(kept)
		require.NoError(t, err)
		require.NotContains(t, string(raw), "Bruno")
		require.NotEmpty(t, privacy.Erasures())
		require.Equal(t, 404, w.send("GET", "/Users/"+id, "").status,
			"the membership is another matter: the erasure ends it first")
	})
}

// Whom the directory calls by a name that is neither the address nor what we call them is in no
// request either, once they are forgotten: what they were looked for before they came, too.
func TestS33_TheNameAtTheDirectoryIsForgottenWithThePerson(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		w := newTown(t, env)
		w.send("GET", `/Users?filter=userName eq "BQ-Canary"`, "")
		w.send("POST", "/Users", `{"userName":"bq-canary","displayName":"Bruno Quintela"}`)
		w.send("GET", `/Users?filter=userName eq "bq-canary-2"`, "")
		r := w.send("POST", "/Users", `{"userName":"bq-canary","displayName":"Bruno Quintela",
			"emails":[{"value":"bruno@acme.example","type":"work"}]}`)
		require.Equal(t, 201, r.status, r.raw)
		bruno, err := w.UserByEmail(w.Context, "bruno@acme.example")
		require.NoError(t, err)

		p := db.Person{UserID: bruno.ID, Email: "bruno@acme.example", Pseudonym: "Person 7F3K"}
		require.NoError(t, w.Write(w.Context, func(tx *db.Tx) error {
			for _, e := range provisioning.Erasures() {
				if _, err := e.EraseBatch(tx, p, 500); err != nil {
					return err
				}
			}
			return nil
		}))
		kept, _, err := w.Provisioning.RequestsOf(storetest.Customer(w.account), w.account, db.Page{})
		require.NoError(t, err)
		require.Len(t, kept, 1)
		require.Equal(t, []string{"bq-canary-2"}, kept[0].About, "somebody else")
	})
}
