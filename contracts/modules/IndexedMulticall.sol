// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IMulticall} from "../interfaces/IMulticall.sol";

/// @title IndexedMulticall
/// @notice Several calls of one caller in one transaction, with the number of the one that fails.
abstract contract IndexedMulticall is IMulticall {
    /// @inheritdoc IMulticall
    function multicall(bytes[] calldata calls) external returns (bytes[] memory results) {
        // Not payable, so that no two calls can spend the same ether.
        results = new bytes[](calls.length);
        for (uint256 i; i < calls.length; ++i) {
            // solhint-disable-next-line avoid-low-level-calls
            (bool success, bytes memory result) = address(this).delegatecall(calls[i]);
            require(success, CallFailed(i, result));
            results[i] = result;
        }
    }
}
