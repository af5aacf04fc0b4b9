// The reference server of the tus project, as an oracle: PORT FOLDER, below /api/v1/uploads like ours.
import { createRequire } from 'node:module'
import { argv } from 'node:process'

const [port, folder, modules] = argv.slice(2)
const require = createRequire(`${modules}/`)
const { Server } = require('@tus/server')
const { FileStore } = require('@tus/file-store')

const datastore = new FileStore({ directory: folder, expirationPeriodInMilliseconds: 7 * 24 * 3600 * 1000 })
const server = new Server({ path: '/api/v1/uploads', datastore, maxSize: 4 * 1024 ** 3, relativeLocation: true })
server.listen({ host: '127.0.0.1', port: Number(port) })
