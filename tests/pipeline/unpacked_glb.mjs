// Validates GLBs as they are, and once more with their compressed views unpacked by the reference decoder: the validator
// cannot look into compressed data. Prints {path: {packed: messages, unpacked: messages}}.
import { readFileSync } from 'node:fs'
import validator from 'gltf-validator'
import { MeshoptDecoder } from 'three/examples/jsm/libs/meshopt_decoder.module.js'

const MESHOPT = 'EXT_meshopt_compression'

function splitGlb(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const size = view.getUint32(12, true)
  const document = JSON.parse(new TextDecoder().decode(bytes.subarray(20, 20 + size)))
  return { document, binary: bytes.subarray(28 + size) }
}

function joinGlb(document, binary) {
  const text = new TextEncoder().encode(JSON.stringify(document))
  const padded = new Uint8Array(Math.ceil(text.length / 4) * 4).fill(0x20)
  padded.set(text)
  const bytes = new Uint8Array(28 + padded.length + binary.length)
  const view = new DataView(bytes.buffer)
  const heads = [0x46546c67, 2, bytes.length, padded.length, 0x4e4f534a]
  heads.forEach((value, index) => view.setUint32(4 * index, value, true))
  bytes.set(padded, 20)
  view.setUint32(20 + padded.length, binary.length, true)
  view.setUint32(24 + padded.length, 0x004e4942, true)
  bytes.set(binary, 28 + padded.length)
  return bytes
}

function unpackViews({ document, binary }) {
  const parts = []
  let size = 0
  for (const view of document.bufferViews) {
    const packed = view.extensions?.[MESHOPT]
    const source = packed ?? view
    let data = binary.subarray(source.byteOffset ?? 0, (source.byteOffset ?? 0) + source.byteLength)
    if (packed) {
      const plain = new Uint8Array(packed.count * packed.byteStride)
      MeshoptDecoder.decodeGltfBuffer(plain, packed.count, packed.byteStride, data, packed.mode, packed.filter)
      if (plain.length !== view.byteLength) throw new Error('a view unpacks to another length than it states')
      data = plain
      delete view.extensions
    }
    Object.assign(view, { buffer: 0, byteOffset: size, byteLength: data.length })
    parts.push(data)
    size += Math.ceil(data.length / 4) * 4
  }
  const whole = new Uint8Array(size)
  document.bufferViews.forEach((view, index) => whole.set(parts[index], view.byteOffset))
  document.buffers = [{ byteLength: size }]
  for (const key of ['extensionsUsed', 'extensionsRequired']) {
    document[key] = document[key]?.filter((name) => name !== MESHOPT)
    if (!document[key]?.length) delete document[key]
  }
  return joinGlb(document, whole)
}

async function validate(bytes) {
  const report = await validator.validateBytes(bytes, { maxIssues: 0 })
  return report.issues.messages.map(({ code, message, severity, pointer }) => ({ code, message, severity, pointer }))
}

await MeshoptDecoder.ready
const results = {}
for (const path of process.argv.slice(1)) {
  const bytes = new Uint8Array(readFileSync(path))
  results[path] = { packed: await validate(bytes), unpacked: await validate(unpackViews(splitGlb(bytes))) }
}
console.log(JSON.stringify(results))
