// A chat server on the library under Centrifugo: each message is kept in the channel's history, and members recover.
package main

import (
	"flag"
	"log"
	"net/http"
	"time"

	"github.com/centrifugal/centrifuge"
)

const (
	historySize = 1000
	historyTTL  = time.Hour
)

func anonymous(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := centrifuge.SetCredentials(r.Context(), &centrifuge.Credentials{})
		h.ServeHTTP(w, r.WithContext(ctx))
	})
}

func serveClient(client *centrifuge.Client) {
	client.OnSubscribe(func(_ centrifuge.SubscribeEvent, reply centrifuge.SubscribeCallback) {
		reply(centrifuge.SubscribeReply{Options: centrifuge.SubscribeOptions{EnableRecovery: true}}, nil)
	})
	client.OnPublish(func(_ centrifuge.PublishEvent, reply centrifuge.PublishCallback) {
		options := centrifuge.PublishOptions{HistorySize: historySize, HistoryTTL: historyTTL}
		reply(centrifuge.PublishReply{Options: options}, nil)
	})
}

func useRedis(node *centrifuge.Node, address string) error {
	shard, err := centrifuge.NewRedisShard(node, centrifuge.RedisShardConfig{Address: address})
	if err != nil {
		return err
	}
	broker, err := centrifuge.NewRedisBroker(node, centrifuge.RedisBrokerConfig{Shards: []*centrifuge.RedisShard{shard}})
	if err != nil {
		return err
	}
	node.SetBroker(broker)
	return nil
}

func main() {
	address := flag.String("address", "127.0.0.1:0", "where to listen")
	redis := flag.String("redis", "", "where Redis is; without it the broker is in memory")
	ping := flag.Duration("ping", 0, "between two pings of a client; 0 for the library's own choice")
	flag.Parse()
	node, err := centrifuge.New(centrifuge.Config{})
	if err != nil {
		log.Fatal(err)
	}
	if *redis != "" {
		if err := useRedis(node, *redis); err != nil {
			log.Fatal(err)
		}
	}
	node.OnConnect(serveClient)
	if err := node.Run(); err != nil {
		log.Fatal(err)
	}
	handler := centrifuge.NewWebsocketHandler(node, centrifuge.WebsocketConfig{
		PingPongConfig: centrifuge.PingPongConfig{PingInterval: *ping, PongTimeout: *ping * 2 / 5},
	})
	http.Handle("/connection/websocket", anonymous(handler))
	log.Fatal(http.ListenAndServe(*address, nil))
}
