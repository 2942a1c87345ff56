// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";

/// @title ContractAccount
/// @notice A wallet that is a contract: does what its owner says and can sign nothing.
contract ContractAccount {
    address private immutable _owner;

    /// @notice Thrown when somebody else than the owner calls.
    error NotOwner(address caller);

    constructor(address owner) {
        _owner = owner;
    }

    /// @notice Makes a call in the wallet's name.
    /// @param target Whom to call.
    /// @param data What to say.
    /// @return result What was answered.
    function perform(address target, bytes calldata data) external returns (bytes memory result) {
        require(msg.sender == _owner, NotOwner(msg.sender));
        return Address.functionCall(target, data);
    }
}
