// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title CodeChunk
/// @notice Holds bytes as its own code, behind one zero byte that stops whoever calls it.
contract CodeChunk {
    constructor(bytes memory data) {
        bytes memory runtime = abi.encodePacked(hex"00", data);
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            return(add(runtime, 32), mload(runtime))
        }
    }
}
