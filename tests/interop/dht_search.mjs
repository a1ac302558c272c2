// npm's bittorrent-dht, asked a line: an info-hash. It says its port, then a line for
// each peer that it found. Its arguments are the nodes to join by.

import { createInterface } from 'node:readline'
import { Client } from 'bittorrent-dht'

const dht = new Client({ bootstrap: process.argv.slice(2) })
dht.on('peer', (peer, infoHash) => {
  console.log(`${Buffer.from(infoHash).toString('hex')} ${peer.host}:${peer.port}`)
})
dht.listen(() => console.log(dht.address().port))

const lines = createInterface({ input: process.stdin })
lines.on('line', (line) => dht.lookup(line))
lines.on('close', () => dht.destroy())
