// Buffers, closures, a compressed stream and JSON: node with its worker threads.
const crypto = require('crypto');
const zlib = require('zlib');

const rows = Array.from({ length: 20000 }, (_, n) => ({ id: n, name: `row ${n * 7919 % 4001}`, at: [n, n * n % 97] }));
const text = JSON.stringify(rows);
zlib.gzip(text, (error, packed) => {
  if (error) throw error;
  const back = zlib.gunzipSync(packed).toString();
  console.log(back === text, JSON.parse(back).length);
  crypto.pbkdf2('word', 'salt', 2000, 32, 'sha256', (refused, key) => {
    if (refused) throw refused;
    console.log(key.toString('hex'));
    process.exitCode = 7;
  });
});
