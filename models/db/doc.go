// Package db is the database, which knows no domain: connections and migrations,
// transactions (Tx) under the scope of who acts, and what every domain writes along with
// its rows: the audit chain, the outbox from which workflows are told, and the tasks of
// operators. Ids, pages and the secrets in links are made here too.
package db
