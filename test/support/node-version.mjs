const major = Number(process.versions.node.split('.')[0]);
if (major !== 24) {
  throw new Error(
    `handspegel needs Node.js 24, this is ${process.version}: run it through npm (npm test, npm run demo).`,
  );
}
