// A picture as JPEG files of several qualities, by sharp's mozjpeg: node mozjpeg.cjs IN.png FOLDER QUALITY...
const { createRequire } = require('node:module');
const path = require('node:path');

const peers = process.env.MHO_IMAGE_PEERS || path.join(__dirname, '.venv');
const sharp = createRequire(path.join(peers, 'package.json'))('sharp');

const [source, folder, ...qualities] = process.argv.slice(2);
(async () => {
  for (const quality of qualities) {
    const options = { quality: Number(quality), mozjpeg: true, chromaSubsampling: '4:2:0' };
    await sharp(source).jpeg(options).toFile(path.join(folder, `${quality}.jpg`));
  }
})();
