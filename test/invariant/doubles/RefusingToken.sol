// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @title RefusingToken
/// @notice A token that anybody mints, that refuses receivers, blocks senders and pauses for a while, and that counts what
/// went in and out.
contract RefusingToken is ERC20Permit {
    uint8 private immutable _decimals;

    /// @notice Until when transfers to an account are refused [s].
    mapping(address account => uint256 timestamp) public refusedUntil;
    /// @notice Until when transfers from an account are refused [s].
    mapping(address account => uint256 timestamp) public blockedUntil;
    /// @notice Until when all transfers are refused [s].
    uint256 public pausedUntil;
    mapping(address account => uint256 amountToken) public inflow;
    mapping(address account => uint256 amountToken) public outflow;

    error ReceiverRefused(address receiver);
    error SenderBlocked(address sender);

    constructor(uint8 decimals_) ERC20("Refusing Token", "TEST") ERC20Permit("Refusing Token") {
        _decimals = decimals_;
    }

    function mint(address account, uint256 amountToken) external {
        _mint(account, amountToken);
    }

    function refuse(address account, uint256 until) external {
        refusedUntil[account] = until;
    }

    function blockSender(address account, uint256 until) external {
        blockedUntil[account] = until;
    }

    function pause(uint256 until) external {
        pausedUntil = until;
    }

    /// @notice Refuses as tokens do: some revert, some answer false.
    function transfer(address receiver, uint256 amountToken) public override returns (bool) {
        if (isRefused(receiver) && uint160(receiver) % 2 == 0) return false;
        return super.transfer(receiver, amountToken);
    }

    function isRefused(address receiver) public view returns (bool) {
        return block.timestamp < refusedUntil[receiver] || block.timestamp < pausedUntil;
    }

    /// @notice Whether an account cannot pay, whoever is to receive.
    function isBlocked(address sender) public view returns (bool) {
        return block.timestamp < blockedUntil[sender] || block.timestamp < pausedUntil;
    }

    function decimals() public view override returns (uint8) {
        return _decimals;
    }

    function _update(address sender, address receiver, uint256 amountToken) internal override {
        require(sender == address(0) || !isRefused(receiver), ReceiverRefused(receiver));
        require(sender == address(0) || !isBlocked(sender), SenderBlocked(sender));
        outflow[sender] += amountToken;
        inflow[receiver] += amountToken;
        super._update(sender, receiver, amountToken);
    }
}
