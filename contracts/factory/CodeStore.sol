// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ICodeStore} from "../interfaces/ICodeStore.sol";
import {CodeChunk} from "./CodeChunk.sol";

/// @title CodeStore
/// @notice Keeps creation code in two chunks: a contract's creation code may be twice as long as a contract.
abstract contract CodeStore is ICodeStore {
    address private immutable _head;
    address private immutable _tail;
    /// @inheritdoc ICodeStore
    bytes32 public immutable codeHash;

    constructor(bytes memory creationCode) {
        codeHash = keccak256(creationCode);
        uint256 half = creationCode.length / 2;
        _head = address(new CodeChunk(_slice(creationCode, 0, half)));
        _tail = address(new CodeChunk(_slice(creationCode, half, creationCode.length - half)));
    }

    /// @inheritdoc ICodeStore
    function code() external view returns (bytes memory) {
        return bytes.concat(_read(_head), _read(_tail));
    }

    function _read(address chunk) private view returns (bytes memory data) {
        uint256 length = chunk.code.length - 1;
        data = new bytes(length);
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            extcodecopy(chunk, add(data, 32), 1, length)
        }
    }

    function _slice(bytes memory data, uint256 start, uint256 length) private pure returns (bytes memory part) {
        part = new bytes(length);
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            mcopy(add(part, 32), add(add(data, 32), start), length)
        }
    }
}
