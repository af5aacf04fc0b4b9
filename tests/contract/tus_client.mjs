// tus-js-client in Node against a server: URL TOKEN FILE MEMORY STEP; says what came of it as one line of JSON.
// Steps: "break" stops in the middle and ends as a lost program would, "resume" goes on from what the memory holds,
// "abandon" ends an upload and asks for it to be deleted.
import { createReadStream, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { argv, exit } from 'node:process'

const [url, token, file, memory, step, modules] = argv.slice(2)
const { Upload, FileUrlStorage } = createRequire(`${modules}/`)('tus-js-client')
const seen = { offsets: [], resumedFrom: null }

const upload = new Upload(createReadStream(file), {
  endpoint: `${url}/api/v1/uploads`,
  headers: { Authorization: `Bearer ${token}`, Accept: 'application/json' },
  metadata: JSON.parse(readFileSync(`${file}.json`, 'utf8')),
  chunkSize: 100_000,
  retryDelays: [0, 100, 500],
  urlStorage: new FileUrlStorage(memory),
  fingerprint: async () => 'scan',
  onChunkComplete(_size, accepted) {
    seen.offsets.push(accepted)
    if (step === 'break' && accepted >= 300_000) say()
    if (step === 'abandon') upload.abort(true).then(say, fail)
  },
  onSuccess: say,
  onError: fail
})

function say() {
  process.stdout.write(JSON.stringify({ ...seen, url: upload.url }))
  exit(0)
}

function fail(error) {
  process.stderr.write(String(error))
  exit(1)
}

const known = await upload.findPreviousUploads()
if (step === 'resume') {
  if (known.length !== 1) fail(`${known.length} uploads in memory`)
  upload.resumeFromPreviousUpload(known[0])
}
upload.start()
