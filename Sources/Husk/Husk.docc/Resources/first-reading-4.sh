cd home
../husk/build/swift/release/husk device --credentials kitchen.json \
    --machine microbit --firmware-dir ../husk/build
