cd home
../husk/build/swift/release/husk psk new --device kitchen
swift run
