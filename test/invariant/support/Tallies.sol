// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {console} from "hardhat/console.sol";

import {Tally} from "./Ghosts.sol";

/// @title Tallies
/// @notice Counts of many runs in one list.
library Tallies {
    bytes16 private constant _DIGITS = "0123456789abcdef";

    function merge(Tally[] memory all, Tally[] memory more) internal pure returns (Tally[] memory merged) {
        merged = new Tally[](all.length + more.length);
        bytes32[] memory keys = new bytes32[](merged.length);
        uint256 count;
        for (; count < all.length; ++count) {
            merged[count] = all[count];
            keys[count] = _keyOf(all[count]);
        }
        for (uint256 i; i < more.length; ++i) {
            bytes32 key = _keyOf(more[i]);
            uint256 place;
            while (place < count && keys[place] != key) ++place;
            if (place == count) {
                merged[count] = more[i];
                keys[count++] = key;
            } else {
                merged[place].tried += more[i].tried;
                merged[place].done += more[i].done;
            }
        }
        assembly ("memory-safe") {
            mstore(merged, count)
        }
    }

    /// @notice What is known of `name`; nothing when it was never tried.
    function find(Tally[] memory all, string memory name) internal pure returns (Tally memory found) {
        found.name = name;
        bytes32 key = _keyOf(found);
        for (uint256 i; i < all.length; ++i) if (_keyOf(all[i]) == key) return all[i];
    }

    /// @notice One line each: called, succeeded, and how often refused with which error.
    function print(Tally[] memory all) internal pure {
        for (uint256 i; i < all.length; ++i) {
            if (all[i].refusal != 0) continue;
            string memory refusals;
            bytes32 name = keccak256(bytes(all[i].name));
            for (uint256 j; j < all.length; ++j) {
                if (all[j].refusal == 0 || keccak256(bytes(all[j].name)) != name) continue;
                refusals = string.concat(refusals, " ", _hex(all[j].refusal), "=", _decimal(all[j].tried));
            }
            string memory name_ = string.concat("  ", all[i].name, ": ", _decimal(all[i].tried), " called, ");
            console.log(string.concat(name_, _decimal(all[i].done), " succeeded;", refusals));
        }
    }

    function _keyOf(Tally memory tally) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(tally.name, tally.refusal));
    }

    function _hex(bytes4 value) private pure returns (string memory) {
        bytes memory text = new bytes(10);
        (text[0], text[1]) = ("0", "x");
        for (uint256 i; i < 4; ++i) {
            text[2 + 2 * i] = _DIGITS[uint8(value[i]) >> 4];
            text[3 + 2 * i] = _DIGITS[uint8(value[i]) & 15];
        }
        return string(text);
    }

    function _decimal(uint256 value) private pure returns (string memory text) {
        do {
            text = string.concat(string(abi.encodePacked(bytes1(uint8(48 + (value % 10))))), text);
            value /= 10;
        } while (value != 0);
    }
}
